/* The engine's words for a reader. */
import { url } from '../../api/client';
import { KIND_NAMES } from '../customer/Identifiers';
import { ago, count, sentence } from '../../ui/format';
import type { Apart, Pair, WhyField } from '../../api/types';

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

export const DECISIONS: Record<string, string> = { merge: 'Merged by hand', split: 'Split', never: 'Kept apart', auto_merge: 'Joined by itself' };

/** Two customers' names; of two records of one customer what each is called there. */
export function namesOf(p: Pair): [string, string] {
	if (p.a.customer !== p.b.customer) return [p.a.name, p.b.name];
	return [p.a.records[0]?.name || p.a.name, p.b.records[0]?.name || p.b.name];
}

/** "by Robin Keller 3 days ago"; without a name the command line did it, or the matching itself. */
export function whoWhen(d: { by: string | null; at: string | null }): string {
	return [d.by && `by ${d.by}`, d.at && ago(d.at)].filter(Boolean).join(' ');
}

/** What keeps two customers apart, in a sentence without its stop. */
export function apartText(r: Apart): string {
	const reason = r.why ? `: “${r.why}”` : '';
	const n = r.number ?? 0;
	const limit = r.limit ?? 0;
	switch (r.reason) {
		case 'never': return `Told apart for good ${whoWhen(r)}${reason}`;
		case 'split': return `Split ${whoWhen(r)}${reason}`;
		case 'taken_back': return `Joined by itself, taken back ${whoWhen(r)}${reason}`;
		case 'account': return `Different verified accounts: ${r.a ?? ''} and ${r.b ?? ''}`;
		case 'too_many_records': return `Together they would have ${count(n)} records; a customer has at most ${count(limit)}`;
		case 'waiting': return 'They wait to be looked at again, behind others';
		case 'quarantine': return `In quarantine: ${count(n)} records hang together here, more than ${count(limit)}, so weaker ties are left out`;
		case 'score': return `The sum, ${bits(n)}, does not reach ${bits(limit)}, above which two are joined by themselves`;
		case 'average': return `These two records agree, but not all of both do: on average ${bits(n)}, and ${bits(limit)} is needed`;
		case 'not_compared': return 'Nothing that both have brought them together, so they were never compared';
		default: return 'Nothing any more: they are still to be looked at again';
	}
}

/** The address of the evidence between two customers or records: a record is named by its digits behind cus_. */
export function whyUrl(a: string, b: string): string {
	return url('why', { a: a.replace(/^rec_/, 'cus_'), b: b.replace(/^rec_/, 'cus_') });
}
