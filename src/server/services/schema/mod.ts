/**
 * JSON Schema for the arguments of functions, safe against hostile schemas.
 *
 * @module
 */
export { type ArgsCheck, compileSchema } from "./compile.ts";
