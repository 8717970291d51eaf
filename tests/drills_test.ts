/** The fault drills in their short form; `deno task drill` runs the long one. */
import { figureLines, shortScale } from "./drills/drill.ts";
import { drills } from "./drills/mod.ts";

for (const { name, fault, run } of drills) {
  Deno.test(`drill ${name}: ${fault}`, async () => {
    await run(shortScale, (figures) => {
      for (const line of figureLines(name, figures)) console.log(line);
    });
  });
}
