import { asCount, asNumber, asObject, asText } from "../json.ts";
import {
  accountOf,
  between,
  bodyOf,
  endpointBy,
  endpointFrom,
  made,
  pathOf,
  unpacked,
  withoutText,
} from "./log-format.ts";
import type { LogFormat } from "./log-format.ts";

/** Helicone: records of its request query API, as `@helicone/export --include-body` writes them. */
export const helicone: LogFormat = {
  name: "helicone",
  read(record, options) {
    const named = endpointFrom(asText(record["request_path"])) ?? endpointFrom(asText(record["target_url"]));
    const model =
      asText(record["request_model"]) ?? asText(record["response_model"]) ?? asText(record["model"]);
    const request = bodyOf(record["request_body"], named ?? pathOf.chat) ?? {};
    const response = bodyOf(record["response_body"], named ?? pathOf.chat);
    const endpoint = named ?? endpointBy(request, response);
    const counts = { input: asCount(record["prompt_tokens"]), output: asCount(record["completion_tokens"]) };
    const hasBody = response !== null && Object.keys(response).length > 0;
    const start = record["request_created_at"];
    const end = record["response_created_at"] ?? start;
    return made({
      id: record["request_id"] ?? record["id"],
      time: end,
      account: accountOf({ ...record, properties: asObject(unpacked(record["properties"])) ?? {} }, options, [
        record["request_user_id"],
        record["helicone_user"],
        record["user_id"],
        record["auth_hash"],
      ]),
      endpoint,
      model,
      request: model !== null && request["model"] === undefined ? { ...request, model } : request,
      response: hasBody ? response : withoutText(endpoint, counts),
      status: asCount(record["response_status"]),
      latencyMs: asNumber(record["delay_ms"]) ?? between(start, end),
    });
  },
};
