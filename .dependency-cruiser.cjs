// Imports run one way: schema -> commands -> queries -> rules -> lib. `npm run check` also fails when it reads no module.
/** Every folder of src is an area of the domain, but for these. */
const AREA = '^src/(?!(platform|lib|graphql|generated|cli)/)[^/]+/';
/** A role is a file or, once it outgrew one topic, a folder of that name. */
const role = (name) => `${AREA}${name}(\\.ts$|/)`;
const LIB = '^src/lib/';
const GENERATED = '^src/generated/';

/** What a module may import of ours; everything else of ours is forbidden to it. */
function only(name, comment, from, allowed) {
  return {
    name,
    comment,
    severity: 'error',
    from: { path: from },
    to: { path: '^(src|scripts|tests|bench)/', pathNot: allowed },
  };
}

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Modules that import each other cannot be understood, tested or loaded one at a time.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment:
        'Every import leads somewhere; the named package has types and no module, and a benchmark installs its own packages.',
      severity: 'error',
      from: { pathNot: '^bench/' },
      to: { couldNotResolve: true, pathNot: '^@graphql-typed-document-node/core$' },
    },
    {
      name: 'no-development-packages',
      comment: 'The server runs without devDependencies.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    only(
      'rules-are-pure',
      'Rules decide over plain data: lib, rules of any area, the names of events, and types of the models.',
      role('rules'),
      [LIB, role('rules'), '^src/events\\.ts$', GENERATED],
    ),
    {
      name: 'rules-know-models-as-types',
      comment: 'Rules read no database: what is generated is imported with `import type`.',
      severity: 'error',
      from: { path: role('rules') },
      to: { path: GENERATED, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'rules-use-no-packages',
      comment: 'Rules do no I/O; a package that computes belongs behind a module of lib.',
      severity: 'error',
      from: { path: role('rules') },
      to: { dependencyTypes: ['npm', 'core'] },
    },
    only('queries-do-not-write', 'Queries read: they know neither commands nor GraphQL.', role('queries'), [
      LIB,
      role('rules'),
      role('queries'),
      role('definitions'),
      `${AREA}settings\\.ts$`,
      '^src/settings\\.ts$',
      '^src/platform/',
      GENERATED,
    ]),
    only(
      'definitions-state-sources',
      'A definition says what a figure means: rules that compute it, and the SQL of its source with its policy numbers.',
      role('definitions'),
      [
        LIB,
        role('rules'),
        role('definitions'),
        '^src/[^/]+/settings\\.ts$',
        '^src/platform/(sql|settings-register)\\.ts$',
        GENERATED,
      ],
    ),
    {
      name: 'commands-know-no-graphql',
      comment: 'Commands serve the API, the sweeps and the imports alike.',
      severity: 'error',
      from: { path: role('commands') },
      to: { path: ['^src/graphql/', role('schema'), '^src/schema\\.ts$'] },
    },
    {
      name: 'schemas-stand-alone',
      comment:
        'Schema files of different areas refer to each other by type name; src/schema.ts alone imports them. An area may cut its own into topics.',
      severity: 'error',
      from: { path: '^src/([^/]+)/', pathNot: '^src/schema\\.ts$' },
      to: { path: role('schema'), pathNot: '^src/$1/schema/' },
    },
    only(
      'settings-of-areas-are-plain',
      'The settings of an area declare values and nothing else.',
      `${AREA}settings\\.ts$`,
      [LIB, '^src/platform/settings-register\\.ts$'],
    ),
    {
      name: 'settings-collect',
      comment: 'src/settings.ts takes the settings of the areas, and nothing else of theirs.',
      severity: 'error',
      from: { path: '^src/settings\\.ts$' },
      to: { path: AREA, pathNot: `${AREA}settings\\.ts$` },
    },
    {
      name: 'platform-knows-no-area',
      comment: 'The mechanisms serve every area and know none.',
      severity: 'error',
      from: { path: '^src/platform/' },
      to: { path: [AREA, '^src/graphql/', '^src/schema\\.ts$'] },
    },
    only('lib-is-a-leaf', 'lib imports nothing of ours.', LIB, [LIB]),
    {
      name: 'events-import-nothing',
      comment: 'The catalogue of events is plain data that everything may read.',
      severity: 'error',
      from: { path: '^src/events\\.ts$' },
      to: {},
    },
    {
      name: 'opentelemetry-is-loaded-on-demand',
      comment:
        'Whoever keeps no traces does not pay for them: one module knows OpenTelemetry, imported dynamically.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/platform/open-telemetry\\.ts$' },
      to: { path: 'node_modules/@opentelemetry/' },
    },
    {
      name: 'opentelemetry-is-imported-dynamically',
      comment: 'See above.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/platform/open-telemetry\\.ts$', dynamic: false },
    },
    {
      name: 'product-knows-no-tooling',
      comment: 'The server does not depend on its scripts, tests or benchmarks.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(scripts|tests|bench)/' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: ['node_modules', GENERATED] },
    enhancedResolveOptions: {
      conditionNames: ['import', 'node', 'default', 'types'],
      exportsFields: ['exports'],
    },
  },
};
