/* Periods by name, as local calendar days, both ends included. */
export interface Span { from: string; to: string }

function iso(d: Date): string {
	return `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, '0')}-${String(d.getDate()).padStart(2, '0')}`;
}
function back(days: number, now: Date): Date {
	return new Date(now.getFullYear(), now.getMonth(), now.getDate() - days);
}

export const PERIODS = [
	{ value: 'year', label: '12 months' },
	{ value: 'this', label: 'This year' },
	{ value: 'last', label: 'Last year' },
	{ value: '90', label: '90 days' },
	{ value: '30', label: '30 days' },
	{ value: 'all', label: 'All time' },
	{ value: 'own', label: 'From … to …' },
];

export function spanOf(period: string, own: Span, now = new Date()): Span {
	const to = iso(now);
	switch (period) {
		case 'this':
			return { from: `${now.getFullYear()}-01-01`, to };
		case 'last':
			return { from: `${now.getFullYear() - 1}-01-01`, to: `${now.getFullYear() - 1}-12-31` };
		case '90':
		case '30':
			return { from: iso(back(Number(period) - 1, now)), to };
		case 'all':
			return { from: '1970-01-01', to };
		case 'own':
			return { from: own.from || '1970-01-01', to: own.to || to };
		default:
			return { from: iso(back(364, now)), to };
	}
}
