/** One column of a table; `cell` makes the text of a row. */
export type TextColumn<Row> = {
  head: string;
  cell: (row: Row) => string;
  /** Right-aligned. */
  isNumber?: boolean;
  /** Order in which columns are dropped when the terminal is too narrow, from 1; columns without it stay. */
  yields?: number;
  /** Minimum width to which cells may be cut before any column is dropped. The end of an id is kept: it differs most. */
  cutTo?: number;
};

/** Renders a table with aligned columns, one string per line, none longer than `columns` if possible. */
export function textTable<Row>(rows: readonly Row[], table: readonly TextColumn<Row>[], columns: number): string[] {
  let shown = table.map((column) => ({ column, cells: rows.map((row) => column.cell(row)) }));
  shown = shown.map(({ column, cells }) => ({ column, cells: shortened(column, cells, excess(shown, columns)) }));
  const going = table.filter(({ yields }) => yields !== undefined).sort((a, b) => (a.yields ?? 0) - (b.yields ?? 0));
  for (const column of going) {
    if (excess(shown, columns) <= 0) break;
    shown = shown.filter((one) => one.column !== column);
  }
  const widths = shown.map(widthOf);
  const line = (texts: readonly string[]) =>
    `${INDENT}${texts.map((text, i) => aligned(text, widths[i] ?? 0, shown[i]?.column.isNumber)).join(GAP)}`.trimEnd();
  return [
    line(shown.map(({ column }) => column.head)),
    ...rows.map((_, row) => line(shown.map(({ cells }) => cells[row] ?? ''))),
  ];
}

type Shown<Row> = { column: TextColumn<Row>; cells: string[] };

/** Number of characters by which the lines are too long. */
function excess<Row>(shown: readonly Shown<Row>[], columns: number): number {
  const width = shown.reduce((sum, one) => sum + widthOf(one) + GAP.length, INDENT.length - GAP.length);
  return width - columns;
}

function widthOf<Row>({ column, cells }: Shown<Row>): number {
  return Math.max(column.head.length, ...cells.map(({ length }) => length));
}

function shortened<Row>(column: TextColumn<Row>, cells: string[], tooLong: number): string[] {
  if (column.cutTo === undefined || tooLong <= 0) return cells;
  const length = Math.max(column.cutTo, widthOf({ column, cells }) - tooLong);
  return cells.map((text) => (text.length <= length ? text : `…${text.slice(text.length - length + 1)}`));
}

function aligned(text: string, width: number, isNumber = false): string {
  return isNumber ? text.padStart(width) : text.padEnd(width);
}

const INDENT = '  ';
const GAP = '  ';
