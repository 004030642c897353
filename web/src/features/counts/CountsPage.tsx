/* Work on the shelves: counts, transfers, holds. */
import { useHere } from '../../app/here';
import { HerePicker } from '../../ui/HerePicker';
import { Empty, Page } from '../../ui/Page';
import { TabLinks } from '../../ui/TabLinks';
import { Counts } from './Counts';
import { Holds } from './Holds';
import { LowList } from './LowList';
import { Transfers } from './Transfers';

const TABS = [
	{ to: '/counts', label: 'Counts', title: 'Counts' }, { to: '/counts/transfers', label: 'Transfers', title: 'Transfers' }, { to: '/counts/holds', label: 'Holds', title: 'Holds' },
	{ to: '/counts/low', label: 'Low', title: 'Low stock' },
];

export function CountsPage({ tab }: { tab: string }) {
	const here = useHere();
	const at = tab ? `/counts/${tab}` : '/counts';
	return (
		<Page title={TABS.find((t) => t.to === at)?.title ?? 'Counts'} lead={here.name || undefined} actions={<HerePicker />}>
			<TabLinks label="What to do on the shelves" tabs={TABS} here={at} />
			{!here.id ? (
				<Empty icon="store" title="In which store?">Choose it at the top.</Empty>
			) : tab === 'transfers' ? (
				<Transfers key={here.id} here={here} />
			) : tab === 'holds' ? (
				<Holds key={here.id} here={here} />
			) : tab === 'low' ? (
				<LowList key={here.id} here={here} />
			) : (
				<Counts key={here.id} here={here} />
			)}
		</Page>
	);
}
