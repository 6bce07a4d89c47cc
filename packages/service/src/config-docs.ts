import type { ConfigTable } from './config-table.ts';

/** The settings as a Markdown table. It generates the README's section, and `check` compares the two. */
export function configDocs(table: ConfigTable): string {
  const rows = Object.entries(table).map(([name, setting]) => {
    const fallback =
      setting.defaultText === null ? 'required' : setting.defaultText === '' ? '' : `\`${setting.defaultText}\``;
    return `| \`${name}\` | ${setting.takes} | ${fallback} | ${setting.description} |`;
  });
  return ['| variable | takes | default | what it does |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

/** The same for `--help` on a terminal. */
export function configHelp(table: ConfigTable): string {
  return Object.entries(table)
    .map(([name, setting]) => {
      const fallback = setting.defaultText === null ? 'required' : `default ${setting.defaultText || 'none'}`;
      return `  ${name}\n      ${setting.description}\n      Takes ${setting.takes}; ${fallback}.`;
    })
    .join('\n');
}
