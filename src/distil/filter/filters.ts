import { arithmeticFilter } from "./arithmetic.ts";
import { codeFilter } from "./code.ts";
import { contaminationFilter } from "./contamination.ts";
import { emptyFilter } from "./empty.ts";
import { exactDuplicateFilter } from "./exact-duplicate.ts";
import type { Filter } from "./filter.ts";
import { finishFilter } from "./finish.ts";
import { identityFilter } from "./identity.ts";
import { languageFilter } from "./language.ts";
import { lengthFilter } from "./length.ts";
import { nearDuplicateFilter } from "./near-duplicate.ts";
import { patternFilter } from "./pattern.ts";
import { refusalFilter } from "./refusal.ts";
import { schemaFilter } from "./schema.ts";

/** In the order in which they judge: what is cheap and certain first, duplicates last, so that a bad row is nobody's original. */
export const filters: readonly Filter[] = [
  finishFilter,
  emptyFilter,
  refusalFilter,
  identityFilter,
  schemaFilter,
  patternFilter,
  arithmeticFilter,
  codeFilter,
  languageFilter,
  lengthFilter,
  contaminationFilter,
  exactDuplicateFilter,
  nearDuplicateFilter,
];
