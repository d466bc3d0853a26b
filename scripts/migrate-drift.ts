// `npm run migrate:drift`: fails, and prints the missing SQL, when the migrations do not make what the models say.
import { schemaDifference } from './schema-engine.ts';

const difference = await schemaDifference();
if (difference !== '') {
  console.log(
    `The migrations do not make what the models say. Run "npm run migrate:new -- <name>". Missing:\n`,
  );
  console.log(difference);
  process.exitCode = 1;
}
