/** The layers of ARCHITECTURE.md: arrows point one way, types <- {polymarket, bus, tapedb} <- services; resilience stands below all. */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'A cycle means that two concepts are one, or that a third is missing.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'services-never-import-services',
      comment: 'Services meet on the bus, through packages/types.',
      severity: 'error',
      from: { path: '^services/([^/]+)/' },
      to: { path: '^services/', pathNot: '^services/$1/' },
    },
    {
      name: 'packages-never-import-services',
      severity: 'error',
      from: { path: '^packages/', pathNot: '^packages/(e2e|bench)/' },
      to: { path: '^services/' },
    },
    {
      name: 'types-imports-nothing',
      comment:
        'Domain types and pure functions: no package of ours, none of npm. node:crypto alone is allowed, for sha256.',
      severity: 'error',
      from: { path: '^packages/types/src/' },
      to: { pathNot: '^packages/types/src/|^(node:)?crypto$' },
    },
    {
      name: 'resilience-imports-nothing',
      comment: 'Every part may use it.',
      severity: 'error',
      from: { path: '^packages/resilience/src/' },
      to: { pathNot: '^packages/resilience/src/' },
    },
    {
      name: 'venue-bus-and-database-know-only-types-and-resilience',
      comment: 'They are joined in services, nowhere else.',
      severity: 'error',
      from: { path: '^packages/(polymarket|bus|tapedb)/src/' },
      to: { path: '^packages/', pathNot: ['^packages/$1/', '^packages/(types|resilience)/'] },
    },
    {
      name: 'service-stands-beside',
      severity: 'error',
      from: { path: '^packages/service/src/' },
      to: { path: '^packages/', pathNot: '^packages/(service|resilience)/' },
    },
    {
      name: 'servers-and-simulated-venue-know-nothing-of-ours',
      comment: 'The simulated venue can prove the recorder wrong only if it shares no code with it.',
      severity: 'error',
      from: { path: '^packages/(embedded|venue-sim|runtime)/', pathNot: '/test/' },
      to: { path: '^(packages|services)/', pathNot: '^packages/$1/' },
    },
    {
      name: 'services-know-no-commands',
      severity: 'error',
      from: { path: '^services/[^/]+/src/' },
      to: { path: '^packages/(cli|embedded|venue-sim|runtime)/' },
    },
    {
      name: 'one-door-a-package',
      comment: 'What is not in src/index.ts is private.',
      severity: 'error',
      from: { path: '^(packages|services)/([^/]+)/' },
      to: {
        path: '^packages/[^/]+/src/',
        pathNot: ['^$1/$2/', '^packages/[^/]+/src/index\\.ts$'],
      },
    },
    {
      name: 'only-bus-knows-nats',
      comment: 'Everything else speaks of streams, batches and views. Tests and benchmarks may ask a server itself.',
      severity: 'error',
      from: { pathNot: '^packages/(bus|embedded|test-servers|e2e|bench)/' },
      to: { path: 'node_modules/@nats-io/' },
    },
    {
      name: 'only-tapedb-knows-postgresql',
      severity: 'error',
      from: { pathNot: '^packages/(tapedb|embedded|test-servers|e2e|bench)/' },
      to: { path: 'node_modules/pg(-copy-streams)?/' },
    },
    {
      name: 'images-hold-what-runs',
      comment: 'Images are installed without devDependencies, and without the packages that only tests need.',
      severity: 'error',
      from: { path: '^(packages|services)/[^/]+/src/', pathNot: '^packages/(e2e|test-servers|bench)/' },
      to: { path: '^packages/(e2e|test-servers)/|/test/' },
    },
    {
      name: 'images-hold-no-dev-dependency',
      severity: 'error',
      from: { path: '^(packages|services)/[^/]+/src/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types'] },
    combinedDependencies: false,
  },
};
