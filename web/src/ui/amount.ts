/* Amounts as the server writes them ("12.50"): exact sums, never through a number. */
const AMOUNT = /^(-?)(\d*)(?:\.(\d*))?$/;

function parse(text: string): [bigint, number] {
	const m = AMOUNT.exec(text.trim());
	if (!m) return [0n, 0];
	const units = BigInt((m[2] ?? '') + (m[3] ?? '') || '0');
	return [m[1] ? -units : units, m[3]?.length ?? 0];
}
function format(units: bigint, scale: number): string {
	const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
	const text = scale ? digits.slice(0, -scale) + '.' + digits.slice(-scale) : digits;
	return units < 0n ? '-' + text : text;
}
export function sum(...amounts: string[]): string {
	const all = amounts.map(parse);
	const scale = Math.max(0, ...all.map(([, s]) => s));
	return format(all.reduce((total, [u, s]) => total + u * 10n ** BigInt(scale - s), 0n), scale);
}
export function negate(a: string): string {
	const [units, scale] = parse(a);
	return format(-units, scale);
}
export function minus(a: string, b: string): string {
	return sum(a, negate(b));
}
/** −1, 0 or 1. */
export function sign(a: string): number {
	const [units] = parse(a);
	return units < 0n ? -1 : units > 0n ? 1 : 0;
}
/** What somebody typed as an amount ("12,5"), as the server reads it; null when it is none. */
export function typedAmount(text: string): string | null {
	const t = text.trim().replace(/['’\s]/g, '').replace(',', '.');
	return /^\d+(\.\d*)?$|^\.\d+$/.test(t) ? t.replace(/\.$/, '').replace(/^\./, '0.') : null;
}
