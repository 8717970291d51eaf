/** What fills a template, by placeholder. */
export type Blanks = Readonly<Record<string, string | number>>;

const ALONE = /^[ \t]*\{\{(\w+)\}\}[ \t]*$/;
const INSIDE = /\{\{(\w+)\}\}/g;

/**
 * Fills `{{name}}` in `template`. One that has its line to itself may be filled with several lines, which keep their
 * own indents, or with nothing, and then its line goes too. Throws `TypeError` on a placeholder without a filling.
 */
export function fillTemplate(template: string, blanks: Blanks): string {
  const lines = template.split("\n").flatMap((line) => {
    const alone = ALONE.exec(line)?.[1];
    if (alone === undefined) return [line.replace(INSIDE, (_, name: string) => fillingOf(name, blanks))];
    const filling = fillingOf(alone, blanks).replace(/\n$/, "");
    return filling === "" ? [] : [filling];
  });
  return lines.join("\n");
}

function fillingOf(name: string, blanks: Blanks): string {
  const filling = blanks[name];
  if (filling === undefined) throw new TypeError(`Cannot fill the template: nothing for {{${name}}}`);
  return String(filling);
}
