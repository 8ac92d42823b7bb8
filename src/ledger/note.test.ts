import { describe, expect, it } from "vitest";
import { openCheckpoint } from "./checkpoint.ts";
import { decodeSigner, encodeSigner, newSigner, openNote, parseVkey, signNote } from "./note.ts";

describe("signed notes", () => {
  // The example of the C2SP signed-note specification.
  const vkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
  const note =
    "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

  it("opens the example of the specification", () => {
    expect(openNote(note, [parseVkey(vkey)]).text).toBe("This is an example message.\n");
  });

  it("refuses it with anything changed", () => {
    const key = [parseVkey(vkey)];
    expect(() => openNote(note.replace("example message", "exemplary message"), key)).toThrow(/is wrong/);
    expect(() => openNote(note.replace("Uw2QOkn8", "Uw2QOkn9"), key)).toThrow(/is wrong/);
    expect(() => openNote(note.replace("foo Uw2", "bar Uw2"), key)).toThrow(/none of its signatures/);
    expect(() => openNote(note.slice(0, -1), key)).toThrow(/empty line/);
    expect(() => openNote(note.replace("\n\n", "\n"), key)).toThrow(/empty line/);
    expect(() => openNote(note.replace("message", "mess\rage"), key)).toThrow(/control characters/);
    expect(() => openNote(note, [])).toThrow(/none of its signatures/);
    expect(() => parseVkey(vkey.replace("530d903a", "530d903b"))).toThrow(/does not belong/);
    for (const bad of ["", "a+b+c", vkey.slice(0, -8), "x".repeat(100_000)])
      expect(() => parseVkey(bad)).toThrow();
  });

  it("opens the checkpoint of a log that other software wrote", () => {
    // transparency-dev/tessera, testdata/log: 15 leaves.
    const checkpoint = openCheckpoint(
      "example.com/log/testdata\n15\nrKbDipCvhuX1GZ7g5BBe8sA6BbJ7ja/1nk427v383cs=\n\n— example.com/log/testdata M9e0luh4jTG+UMBqOUo9/q+yAEvx1ilBEniMvjf1zfcBOhg+CKubMt53MvIt/uEWP6zdkdIQzd/fmwlM/dlPWF74ewI=\n",
      [parseVkey("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")],
    );
    expect(checkpoint).toMatchObject({ origin: "example.com/log/testdata", size: 15 });
  });

  it("signs with old and new key while one replaces the other", () => {
    const [old, fresh] = [newSigner("log.example/1"), newSigner("log.example/1")];
    const signed = signNote("log.example/1\n5\nx\n", [fresh, old]);
    for (const signer of [old, fresh])
      expect(openNote(signed, [signer.verifier]).signers).toEqual([signer.verifier]);
    const back = decodeSigner(encodeSigner(old));
    expect(back.verifier.vkey).toBe(old.verifier.vkey);
    expect(() => decodeSigner(encodeSigner(old).replace(/.$/, "A"))).toThrow(/damaged/);
  });
});
