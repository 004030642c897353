/* The engine's words for a reader. */
import { url } from '../../api/client';
import { KIND_NAMES } from '../customer/Identifiers';
import { sentence } from '../../ui/format';
import type { WhyField } from '../../api/types';

const NAMES: Record<string, string> = {
	given: 'First name', family: 'Family name', other: 'Middle names', organisation: 'Organisation', gender: 'Gender', generation: 'Senior or junior',
	birth: 'Born', place: 'Address', email: 'E-mail', phone: 'Phone',
};

export function fieldName(f: WhyField): string {
	return NAMES[f.comparison] ?? sentence(KIND_NAMES[f.kind] ?? (f.kind || f.comparison));
}

/** Thousandths of bits → "+3.2". */
export function bits(milli: number): string {
	const text = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay: 'exceptZero' });
	return text.format(milli / 1000);
}

/** What a score means, in words: odds of 2 to the score. */
export function chance(score: number): string {
	const p = 1 / (1 + 2 ** (-score / 1000));
	if (p > 0.99) return 'almost surely one person';
	if (p > 0.9) return 'very likely one person';
	if (p > 0.6) return 'rather one person';
	if (p > 0.4) return 'as likely one person as two';
	if (p > 0.1) return 'rather two people';
	return 'most likely two people';
}

export const DECISIONS: Record<string, string> = { merge: 'Merged by hand', split: 'Split', never: 'Kept apart' };

/** The address of the evidence between two customers or records: a record is named by its digits behind cus_. */
export function whyUrl(a: string, b: string): string {
	return url('why', { a: a.replace(/^rec_/, 'cus_'), b: b.replace(/^rec_/, 'cus_') });
}
