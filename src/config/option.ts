/** Builders of options: each makes a zod schema and registers, once, what docs, faults and print say of it. */
// zod: types, defaults, checks and introspection from one declaration, so that docs cannot drift from the code.
import * as z from "zod";

/** How an option is written as text, on a command line or in the environment. */
export type OptionKind = "integer" | "boolean" | "text" | "choice" | "list" | "object" | "objects";

/** What is known of an option beside its zod schema. */
export interface OptionInfo {
  readonly kind: OptionKind;
  /** The wanted range, as it follows "want " in a fault. */
  readonly wants: string;
  /** One sentence for the docs. */
  readonly text: string;
  readonly unit?: string;
  /** `whole`: never shown; `password`: shown without the password in its URL. */
  readonly secrecy?: "whole" | "password";
  /** Long enough to be given as a file, though no secret. */
  readonly mayBeFile?: true;
}

/** {@linkcode OptionInfo} of every option and of every field of an object option. */
export const optionInfo = z.registry<OptionInfo>();

/** What every builder asks for: the default and the sentence of the docs. */
export interface CommonOptions<Value> {
  readonly initial: Value;
  readonly text: string;
}

/** A whole number; `isZeroAllowed` lets 0 (off, unknown, any) stand beside the range. */
export interface IntegerOptions extends CommonOptions<number> {
  readonly min: number;
  readonly max: number;
  readonly isZeroAllowed?: boolean;
  readonly isPowerOfTwo?: boolean;
  readonly unit?: string;
}

/** Builds an integer option. */
export function integer(options: IntegerOptions): z.ZodDefault<z.ZodType<number, number>> {
  const { min, max, isZeroAllowed = false, isPowerOfTwo = false, unit, text } = options;
  const isWanted = (value: number): boolean => {
    if (isZeroAllowed && value === 0) return true;
    if (isPowerOfTwo && !Number.isInteger(Math.log2(value))) return false;
    return value >= min && value <= max;
  };
  const range = `${isPowerOfTwo ? "a power of two" : "an integer"} from ${min} to ${max}`;
  return z.int().refine(isWanted).default(options.initial).register(optionInfo, {
    kind: "integer",
    wants: isZeroAllowed ? `0, or ${range}` : range,
    text,
    ...(unit === undefined ? {} : { unit }),
  });
}

/** Builds a true-or-false option. */
export function boolean(options: CommonOptions<boolean>): z.ZodDefault<z.ZodBoolean> {
  return z.boolean().default(options.initial).register(optionInfo, {
    kind: "boolean",
    wants: "true or false",
    text: options.text,
  });
}

/** Builds one field of an object option whose default depends on other options; it stays undefined when not set. */
export function optionalBoolean(text: string): z.ZodOptional<z.ZodBoolean> {
  return z.boolean().optional().register(optionInfo, { kind: "boolean", wants: "true or false", text });
}

/** Builds one whole-number field of an object option; it stays undefined when not set. */
export function optionalInteger(
  options: Omit<IntegerOptions, "initial" | "isPowerOfTwo">,
): z.ZodOptional<z.ZodType<number, number>> {
  const { min, max, isZeroAllowed = false, unit, text } = options;
  const isWanted = (value: number): boolean =>
    (isZeroAllowed && value === 0) || (value >= min && value <= max);
  const range = `an integer from ${min} to ${max}`;
  return z.int().refine(isWanted).optional().register(optionInfo, {
    kind: "integer",
    wants: isZeroAllowed ? `0, or ${range}` : range,
    text,
    ...(unit === undefined ? {} : { unit }),
  });
}

/** Builds one field of an object option with a few named values; it stays undefined when not set. */
export function optionalChoice<const Name extends string>(
  names: readonly [Name, ...Name[]],
  text: string,
): z.ZodOptional<z.ZodType<Name, Name>> {
  const schema: z.ZodType<Name, Name> = z.literal(names);
  return schema.optional().register(optionInfo, {
    kind: "choice",
    wants: `one of ${names.join(", ")}`,
    text,
  });
}

/** A text; `isWanted` judges it, and `wants` says in words what it judges. */
export interface TextOptions extends CommonOptions<string> {
  readonly wants: string;
  readonly isWanted: (value: string) => boolean;
  readonly secrecy?: "whole" | "password";
  readonly mayBeFile?: true;
}

/** Builds a text option. */
export function text(options: TextOptions): z.ZodDefault<z.ZodString> {
  const { wants, secrecy, mayBeFile } = options;
  return z.string().refine(options.isWanted).default(options.initial).register(optionInfo, {
    kind: "text",
    wants,
    text: options.text,
    ...(secrecy === undefined ? {} : { secrecy }),
    ...(mayBeFile === undefined ? {} : { mayBeFile }),
  });
}

/** Builds an option with a few named values. */
export function choice<const Name extends string>(
  names: readonly [Name, ...Name[]],
  options: CommonOptions<NoInfer<Name>>,
): z.ZodDefault<z.ZodType<Name, Name>> {
  const schema: z.ZodType<Name, Name> = z.literal(names);
  return schema.default(() => options.initial).register(optionInfo, {
    kind: "choice",
    wants: `one of ${names.join(", ")}`,
    text: options.text,
  });
}

/** A list of texts, at most `maxItems` long. */
export interface ListOptions {
  readonly text: string;
  readonly wants: string;
  readonly maxItems: number;
  readonly isWanted: (item: string) => boolean;
  /** Each item is shown without the password in its URL. */
  readonly secrecy?: "password";
}

/** Builds a list option, empty by default. */
export function list(options: ListOptions): z.ZodDefault<z.ZodArray<z.ZodString>> {
  const { wants, maxItems, secrecy } = options;
  return z.array(z.string().refine(options.isWanted)).max(maxItems).default(() => []).register(optionInfo, {
    kind: "list",
    wants: `a list of at most ${maxItems} items, each ${wants}`,
    text: options.text,
    ...(secrecy === undefined ? {} : { secrecy }),
  });
}
