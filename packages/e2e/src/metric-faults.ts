/**
 * Checks metrics in Prometheus's text format by the rules of `promtool check metrics` and for our namespaces. Returns one
 * sentence per fault.
 */
export function metricFaults(text: string): string[] {
  const types = new Map<string, string>();
  const helps = new Map<string, string>();
  const faults = new Set<string>();
  for (const line of text.split('\n')) {
    const [, keyword, described = '', words = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    if (keyword !== undefined) {
      const told = keyword === 'HELP' ? helps : types;
      if (told.has(described)) faults.add(`${described} has two lines of ${keyword}.`);
      told.set(described, words);
    } else if (line !== '') {
      const [, sample = line, labels = ''] = /^([^{ ]+)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
      const family = types.has(sample) ? sample : sample.replace(/_(bucket|sum|count)$/, '');
      if (!types.has(family)) faults.add(`${sample} has no type.`);
      for (const [, label = ''] of labels.matchAll(/(?:^|",)([^=]+)="/g)) {
        if (!SNAKE_CASE.test(label)) faults.add(`${family} has the label ${label}, which is not in snake case.`);
      }
    }
  }
  for (const [name, type] of types) {
    for (const fault of nameFaults(name, type)) faults.add(`${name} ${fault}.`);
    if (!helps.get(name)) faults.add(`${name} has no help.`);
  }
  return [...faults];
}

function nameFaults(name: string, type: string): string[] {
  const words = name.split('_');
  const isCounter = type === 'counter';
  const wrongUnit = words.find((word) => OTHER_UNITS.has(word));
  const typeName = words.find((word) => TYPES.has(word));
  return [
    ...(SNAKE_CASE.test(name) ? [] : ['is not in snake case']),
    ...(NAMESPACES.test(name) ? [] : ['is outside the namespaces']),
    ...(isCounter && !name.endsWith('_total') ? ['is a counter without _total'] : []),
    ...(!isCounter && name.endsWith('_total') ? [`is a ${type} with _total`] : []),
    ...(/_(bucket|sum|count|info)$/.test(name) && name !== 'nodejs_version_info' ? ['has a reserved suffix'] : []),
    ...(typeName === undefined ? [] : [`names its type (${typeName})`]),
    ...(wrongUnit === undefined ? [] : [`is in ${wrongUnit} and not in a base unit`]),
  ];
}

const SNAKE_CASE = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
const TYPES = new Set(['counter', 'gauge', 'histogram', 'summary']);
const OTHER_UNITS = new Set([
  ...['ms', 'millis', 'milliseconds', 'us', 'microseconds', 'ns', 'nanoseconds', 'minutes', 'hours', 'days'],
  ...['kb', 'kilobytes', 'mb', 'megabytes', 'kib', 'mib', 'bits', 'percent'],
]);
/** `process` and `nodejs` are metrics of the client library. */
const NAMESPACES = /^(process|nodejs|polytape_(ingestor|writer|scheduler))_/;
