/** The OpenAPI document of the server API, made of the schemas that its requests are checked by. */
import { z } from "zod"; // zod: writes its schemas as JSON Schema
import { apiMethods, type ApiMethodShape, errorShape } from "./methods.ts";

/** Where a request chooses how errors are told. */
export const ERROR_MODE_HEADER = "x-shoal-error-mode";

/** The document, for version `version` of the server. */
export function openApiDocument(version: string): Readonly<Record<string, unknown>> {
  return {
    openapi: "3.1.0",
    info: { title: "Shoal server API", version, license: { name: "MIT", identifier: "MIT" } },
    security: [{ apiKey: [] }],
    paths: Object.fromEntries(
      Object.entries(apiMethods).map(([name, shape]) => [`/api/${name}`, { post: operation(name, shape) }]),
    ),
    components: {
      securitySchemes: { apiKey: { type: "apiKey", in: "header", name: "X-API-Key" } },
      schemas: {
        Error: {
          type: "object",
          properties: { error: jsonSchema(errorShape, "output") },
          required: ["error"],
        },
      },
    },
  };
}

function operation(name: string, { summary, request, result }: ApiMethodShape) {
  return {
    operationId: name,
    summary,
    parameters: [{
      name: ERROR_MODE_HEADER,
      in: "header",
      description: "`transport` makes an error the HTTP status too; else it comes with 200.",
      schema: { type: "string", enum: ["transport"] },
    }],
    requestBody: { required: true, content: json(jsonSchema(request, "input")) },
    responses: {
      200: { description: "The result, or what went wrong.", content: json(answerSchema(result)) },
      401: failure("No API key, or one that is not known."),
      403: failure("The key is not for this method or workspace."),
      413: failure("The body is longer than max_body_bytes."),
      default: failure("What went wrong, where the error mode is `transport`."),
    },
  };
}

function answerSchema(result: z.ZodType) {
  return {
    oneOf: [
      { type: "object", properties: { result: jsonSchema(result, "output") }, required: ["result"] },
      { $ref: "#/components/schemas/Error" },
    ],
  };
}

function failure(description: string) {
  return { description, content: json({ $ref: "#/components/schemas/Error" }) };
}

function json(schema: unknown) {
  return { "application/json": { schema } };
}

/** Without the dialect, which the document names for all. Answers may grow fields that older readers ignore. */
function jsonSchema(schema: z.ZodType, io: "input" | "output"): Readonly<Record<string, unknown>> {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io,
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
  return rest;
}
