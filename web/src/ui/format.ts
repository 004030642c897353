/* Money from the string amounts, dates in the store's zone, both in the reader's language. */
import type { Money } from '../api/types';

const locale = navigator.languages?.[0] ?? 'en';
let homeZone: string | undefined;
/** The zone of the store at which this person works; the device's until it is known. */
export function setHomeZone(zone: string | undefined): void {
	try {
		if (zone) new Intl.DateTimeFormat(locale, { timeZone: zone });
		homeZone = zone || undefined;
	} catch {
		homeZone = undefined;
	}
}

export function money(m: Money, digits: 'exact' | 'whole' = 'exact'): string {
	const o: Intl.NumberFormatOptions = { style: 'currency', currency: m.currency };
	if (digits === 'whole') o.maximumFractionDigits = 0;
	return new Intl.NumberFormat(locale, o).format(m.amount as Intl.StringNumericLiteral);
}
export function isZero(m: Money): boolean {
	return /^-?[0.]*$/.test(m.amount);
}
export function count(n: number): string {
	return new Intl.NumberFormat(locale).format(n);
}
export function percent(share: number): string {
	return new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 }).format(share);
}
export function bytes(n: number): string {
	const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'];
	const i = Math.min(units.length - 1, n > 0 ? Math.floor(Math.log10(n) / 3) : 0);
	return new Intl.NumberFormat(locale, { style: 'unit', unit: units[i]!, unitDisplay: 'short', maximumFractionDigits: i > 1 ? 1 : 0 }).format(
		n / 1000 ** i,
	);
}
export function plural(n: number, one: string, many = one + 's'): string {
	return `${count(n)} ${n === 1 ? one : many}`;
}

function parts(iso: string, o: Intl.DateTimeFormatOptions, zone?: string): string {
	const at = new Date(iso);
	if (Number.isNaN(at.getTime())) return iso;
	const timeZone = zone ?? homeZone;
	return new Intl.DateTimeFormat(locale, timeZone ? { ...o, timeZone } : o).format(at);
}
export function day(iso: string, zone?: string): string {
	return parts(iso, { day: 'numeric', month: 'short', year: 'numeric' }, zone);
}
export function time(iso: string, zone?: string): string {
	return parts(iso, { hour: '2-digit', minute: '2-digit' }, zone);
}
export function dayTime(iso: string, zone?: string): string {
	return `${day(iso, zone)}, ${time(iso, zone)}`;
}
export function month(iso: string, zone?: string): string {
	return parts(iso, { month: 'long', year: 'numeric' }, zone);
}
function calendar(d: string, withYear: boolean): string {
	const m = /^(\d{4}|-)-?(\d\d)-(\d\d)/.exec(d);
	if (!m) return d;
	const year = m[1] === '-' ? 0 : Number(m[1]);
	const at = new Date(Date.UTC(year || 2000, Number(m[2]) - 1, Number(m[3])));
	const o: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'long', timeZone: 'UTC' };
	if (year && withYear) o.year = 'numeric';
	return new Intl.DateTimeFormat(locale, o).format(at);
}
/** A calendar date ("2026-12-01", or "--12-01" without its year) is the same day everywhere. */
export const date = (d: string): string => calendar(d, true);
export const dayMonth = (d: string): string => calendar(d, false);

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
	['year', 31557600], ['month', 2629800], ['week', 604800], ['day', 86400], ['hour', 3600], ['minute', 60],
];
/** "3 weeks ago". */
export function ago(iso: string, now = Date.now()): string {
	const s = (new Date(iso).getTime() - now) / 1000;
	const rtf = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
	for (const [unit, size] of UNITS) {
		if (Math.abs(s) >= size) return rtf.format(Math.round(s / size), unit);
	}
	return 'just now';
}
export function duration(seconds: number): string {
	if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
	if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
	if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
	return plural(Math.round(seconds / 86_400), 'day');
}
export function initials(name: string): string {
	const words = name.trim().split(/\s+/);
	return ((words[0]?.[0] ?? '') + (words.length > 1 ? (words.at(-1)?.[0] ?? '') : '')).toUpperCase();
}
/** Words for codes: "never_asked" → "never asked". */
export function words(code: string): string {
	return code.replace(/[_.]/g, ' ');
}
export function sentence(text: string): string {
	const w = words(text);
	return w.charAt(0).toUpperCase() + w.slice(1);
}
export function dayMonthShort(iso: string, zone?: string): string {
	return parts(iso, { day: 'numeric', month: 'short' }, zone);
}
/** "Thu 26 Nov": a day soon. */
export function dayShort(iso: string, zone?: string): string {
	return parts(iso, { weekday: 'short', day: 'numeric', month: 'short' }, zone);
}
/** A moment soon: "19:14" today, "Thu 26 Nov, 19:14" on another day. */
export function soon(iso: string, now = Date.now()): string {
	const today = day(new Date(now).toISOString()) === day(iso);
	return today ? time(iso) : `${dayShort(iso)}, ${time(iso)}`;
}
