import { inLocale, type Locale, type Text, text } from '../lib/text.ts';
import type { Problem } from './problem.ts';
import type { ImportCounts } from './run.ts';

const SHORT = 60;

/** `line 12, column target_dt: "2011-13-01" is not accepted; accepted: …` */
export function problemLine({ line, column, value, accepted }: Problem, locale: Locale): string {
  const shown = JSON.stringify(shortened(value, SHORT));
  return inLocale(
    text(
      `line ${line}${column === null ? '' : `, column ${column}`}: ${shown} is not accepted; accepted: ${accepted.en}`,
      `第 ${line} 行${column === null ? '' : `，列 ${column}`}：${shown} 无效；可用：${accepted.zh}`,
    ),
    locale,
  );
}

const LONG = 2_000;

/** The file of all problems is itself a CSV file. */
export function problemHeader(): string {
  return 'line,column,value,accepted\n';
}

export function problemCsv({ line, column, value, accepted }: Problem, locale: Locale): string {
  return `${[String(line), column ?? '', shortened(value, LONG), inLocale(accepted, locale)].map(quoted).join(',')}\n`;
}

function quoted(cell: string): string {
  return /[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

function shortened(value: string, most: number): string {
  return value.length > most ? `${value.slice(0, most)}…` : value;
}

/** What became of the file. */
export function summary(
  counts: Readonly<ImportCounts>,
  seconds: number,
  options: { readonly dryRun: boolean; readonly ended: boolean },
): Text {
  const { rows, created, changed, unchanged, kept, refused } = counts;
  const perSecond = Math.round(rows / Math.max(seconds, 0.001));
  const keptEn = kept > 0 ? `, ${number(kept)} kept as people have worked on them here` : '';
  const keptZh = kept > 0 ? `，保留 ${number(kept)}（已在本系统处理）` : '';
  return text(
    [
      ...(options.dryRun ? ['Dry run: nothing was written.'] : []),
      `${number(rows)} rows in ${seconds.toFixed(1)} s (${number(perSecond)} rows/s): ` +
        `${number(created)} new, ${number(changed)} changed, ${number(unchanged)} unchanged${keptEn}, ${number(refused)} refused.`,
      ...(options.ended ? [] : ['Stopped before the end of the file; run the import again to go on.']),
    ].join('\n'),
    [
      ...(options.dryRun ? ['试运行：未写入任何数据。'] : []),
      `${number(rows)} 行，用时 ${seconds.toFixed(1)} 秒（每秒 ${number(perSecond)} 行）：` +
        `新增 ${number(created)}，更新 ${number(changed)}，未变 ${number(unchanged)}${keptZh}，拒绝 ${number(refused)}。`,
      ...(options.ended ? [] : ['未读完文件即停止；请重新运行以继续。']),
    ].join('\n'),
  );
}

export function progressLine(counts: Readonly<ImportCounts>, seconds: number, share: number): Text {
  const perSecond = Math.round(counts.rows / Math.max(seconds, 0.001));
  const percent = Math.min(100, Math.floor(share * 100));
  return text(
    `${percent} %: ${number(counts.rows)} rows, ${number(perSecond)} rows/s, ${number(counts.refused)} refused`,
    `${percent}%：${number(counts.rows)} 行，每秒 ${number(perSecond)} 行，拒绝 ${number(counts.refused)}`,
  );
}

function number(value: number): string {
  return value.toLocaleString('en');
}
