import type { Exchange, JsonObject } from "../exchange.ts";
import { asCount, asNumber, asObject, asText } from "../json.ts";
import {
  accountOf,
  bodyOf,
  endpointBy,
  endpointFrom,
  made,
  pathOf,
  unpacked,
  withoutText,
} from "./log-format.ts";
import type { ImportOptions, LogFormat } from "./log-format.ts";

/**
 * Azure OpenAI behind API Management: rows of ApiManagementGatewayLlmLog (messages and token counts) and of
 * ApiManagementGatewayLogs (bodies, address, subscription), as exported tables or as diagnostic records, whose fields
 * stand under `properties` with a small first letter; and the service's own RequestResponse records, which have no text.
 */
export const azureOpenai: LogFormat = {
  name: "azure-openai",
  read(record, options) {
    const row = rowOf(record);
    if ((asCount(row["sequencenumber"]) ?? 0) > 0) {
      return "a later part of a long message; join the parts of one CorrelationId in SequenceNumber order first";
    }
    if (row["requestmessages"] !== undefined || row["responsemessages"] !== undefined)
      return ofLlmLog(record, row, options);
    return ofGatewayLog(record, row, options);
  },
};

/** All columns under one spelling: small letters, with `properties` (an object or JSON in a string) taken in. */
function rowOf(record: JsonObject): JsonObject {
  const row: JsonObject = {};
  const properties = asObject(unpacked(record["properties"])) ?? {};
  for (const [name, value] of [...Object.entries(record), ...Object.entries(properties)]) {
    row[name.toLowerCase()] = value;
  }
  return row;
}

function ownAccount(row: JsonObject) {
  // The subscription of the caller in API Management, then the Azure resource.
  return [
    row["apimsubscriptionid"],
    row["productid"],
    row["userid"],
    row["objectid"],
    row["resourceid"],
    row["_resourceid"],
  ];
}

function ofLlmLog(record: JsonObject, row: JsonObject, options: ImportOptions): Exchange | string {
  const messages = unpacked(row["requestmessages"]);
  const model = asText(row["deploymentname"]) ?? asText(row["modelname"]);
  const counts = { input: asCount(row["prompttokens"]), output: asCount(row["completiontokens"]) };
  const bare = withoutText(pathOf.chat, counts);
  const answers = unpacked(row["responsemessages"]);
  const choices = (
    Array.isArray(answers) ? answers : answers === undefined || answers === null ? [] : [answers]
  ).map((answer, index) => ({
    index,
    message: asObject(answer) ?? { role: "assistant", content: answer },
    finish_reason: null,
  }));
  return made({
    id: row["correlationid"] ?? row["requestid"],
    time: row["timegenerated"] ?? row["time"],
    account: accountOf(record, options, ownAccount(row)),
    endpoint: pathOf.chat,
    model,
    request: {
      ...(model !== null && { model }),
      messages: Array.isArray(messages)
        ? messages
        : messages
          ? [asObject(messages) ?? { role: "user", content: messages }]
          : [],
      ...(row["isstreamcompletion"] === true && { stream: true }),
    },
    response:
      choices.length > 0
        ? { object: "chat.completion", choices, ...(bare && { usage: bare["usage"] ?? null }) }
        : bare,
    status: 200,
  });
}

function ofGatewayLog(record: JsonObject, row: JsonObject, options: ImportOptions): Exchange | string {
  const named =
    endpointFrom(asText(row["url"]) ?? asText(row["backendurl"])) ??
    byOperation(asText(row["operationname"]));
  const guess = named ?? pathOf.chat;
  const request = bodyOf(row["requestbody"], guess) ?? bodyOf(row["backendrequestbody"], guess) ?? {};
  const response = bodyOf(row["responsebody"], guess) ?? bodyOf(row["backendresponsebody"], guess);
  const status = Number(
    row["responsecode"] ?? row["resultsignature"] ?? row["backendresponsecode"] ?? Number.NaN,
  );
  return made({
    id: row["correlationid"] ?? row["requestid"],
    time: row["timegenerated"] ?? row["time"],
    account: accountOf(record, options, ownAccount(row)),
    ip: asText(row["calleripaddress"]),
    endpoint: named ?? endpointBy(request, response),
    model: asText(request["model"]) ?? asText(row["modeldeploymentname"]) ?? deploymentIn(asText(row["url"])),
    request,
    response,
    status: asCount(status),
    latencyMs: asNumber(row["totaltime"]) ?? asNumber(row["durationms"]),
  });
}

// `ChatCompletions_Create`, `Completions_Create`, `Embeddings_Create`, … of the service's own records.
function byOperation(operation: string | null): string | null {
  const name = operation?.toLowerCase() ?? "";
  if (name.includes("chatcompletions")) return pathOf.chat;
  if (name.includes("embeddings")) return pathOf.embeddings;
  if (name.includes("responses")) return pathOf.responses;
  return name.includes("completions") ? pathOf.completions : null;
}

// /openai/deployments/NAME/chat/completions
function deploymentIn(url: string | null): string | null {
  return /\/deployments\/([^/?]+)/.exec(url ?? "")?.[1] ?? null;
}
