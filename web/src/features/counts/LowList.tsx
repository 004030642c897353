/* What may hardly be promised any more in this store. */
import { Button } from '@mantine/core';
import { useState } from 'react';
import { url } from '../../api/client';
import type { Low, Sku } from '../../api/trade';
import type { Page } from '../../api/types';
import { useMay } from '../../api/session';
import { useData } from '../../api/useData';
import type { Here } from '../../app/here';
import { go } from '../../app/router';
import { Empty, Loaded } from '../../ui/Page';
import { count } from '../../ui/format';
import { skuName } from '../scan/useSkus';
import { AskDialog } from './AskDialog';
import { Name } from './Name';
import css from './Counts.module.css';

const LIMIT = 100;

export function LowList({ here }: { here: Here }) {
	const from = useData<Page<Low>>(url('low', { location: here.id, limit: LIMIT }), `shelf:${here.id}`);
	const [asking, setAsking] = useState<Sku | null>(null);
	const levels = useMay('levels');
	return (
		<>
			<Loaded from={from}>
				{({ items, next }) =>
					items.length === 0 ? (
						<Empty icon="check" title="Nothing is low">
							{levels ? 'When a size is low is set at its shelf, on the stock screen.' : 'Sizes of which few are left stand here.'}
						</Empty>
					) : (
						<ul className={css.list}>
							{[...items].sort((a, b) => a.available - a.level - (b.available - b.level)).map((l) => (
								<li key={l.sku.id} className={css.row}>
									<span className={css.grow}>
										<Name sku={l.sku} place={here.id} />
										<span className={css.left}>
											<b className="num" data-none={l.available === 0}>{l.available === 0 ? 'none left' : `${count(l.available)} left`}</b>
											<span className="dim"> · low at {count(l.level)}{l.incoming > 0 && ` · ${count(l.incoming)} on the way`}</span>
										</span>
									</span>
									<span className={css.tools}>
										{levels && <Button variant="default" onClick={() => go(`/stock?sku=${l.sku.id}&place=${here.id}`)}>At the shelf<span className="sr"> of {skuName(l.sku)}</span></Button>}
										<Button variant="default" onClick={() => setAsking(l.sku)}>Ask for more<span className="sr"> of {skuName(l.sku)}</span></Button>
									</span>
								</li>
							))}
							{next && <li className={css.row}><span className="dim">There are more.</span></li>}
						</ul>
					)
				}
			</Loaded>
			{asking && <AskDialog here={here} first={asking} onClose={() => setAsking(null)} done={() => void from.reload()} />}
		</>
	);
}
