/* Why two records are one customer, or why two customers are not: the evidence alone. */
import { Button } from '@mantine/core';
import type { Pair } from '../../api/types';
import { useData } from '../../api/useData';
import { go, useLocation } from '../../app/router';
import { Icon } from '../../ui/Icon';
import { Bones, Failed, Page } from '../../ui/Page';
import { PairView } from './PairView';
import { whyUrl } from './evidence';

export function WhyPage() {
	const { query } = useLocation();
	const a = query.get('a') ?? '';
	const b = query.get('b') ?? '';
	const from = useData<Pair>(a && b ? whyUrl(a, b) : null);
	const pair = from.data;
	const back = pair ? pair.b.customer : b;
	return (
		<Page
			wide
			title={pair ? (pair.why?.same ? `Why ${pair.a.name} is one person` : `${pair.a.name} and ${pair.b.name}`) : 'Why?'}
			lead={pair && (pair.why?.same ? 'These two records are one customer now.' : 'These are two customers now.')}
			actions={back.startsWith('cus_') && (
				<Button variant="default" leftSection={<Icon name="back" />} onClick={() => go(`/c/${back}/records`)}>To the records</Button>
			)}
		>
			{pair ? (
				<PairView pair={pair} />
			) : from.problem ? (
				<Failed problem={from.problem} retry={() => void from.reload()} />
			) : (
				<Bones rows={3} height={140} />
			)}
		</Page>
	);
}
