/* What is set aside for somebody, and until when. */
import { Button } from '@mantine/core';
import { api, url } from '../../api/client';
import type { Hold } from '../../api/trade';
import type { Page } from '../../api/types';
import { useData } from '../../api/useData';
import type { Here } from '../../app/here';
import { Link } from '../../app/router';
import { Icon } from '../../ui/Icon';
import { Empty, Loaded } from '../../ui/Page';
import { ago, soon } from '../../ui/format';
import { toast } from '../../ui/toasts';
import { useHidden } from '../../ui/useHidden';
import { useNow } from '../../ui/useNow';
import { skuName } from '../scan/useSkus';
import { Name } from './Name';
import css from './Counts.module.css';

/* Those that lapse first. */
const HOLDS = 50;
const SOON_MS = 4 * 3_600_000;
const LONGER_MS = 2 * 86_400_000;

export function Holds({ here }: { here: Here }) {
	const from = useData<Page<Hold>>(url('holds', { location: here.id, limit: HOLDS }), `shelf:${here.id}`);
	const { shown, later } = useHidden();
	const now = useNow();
	const holds = (from.data?.items ?? []).filter((h) => shown(h.id));
	async function extend(h: Hold) {
		const until = new Date(Math.max(now, new Date(h.until).getTime()) + LONGER_MS).toISOString();
		try {
			await api.post('stock/extend', { id: h.id, until });
			toast.say(`${skuName(h.sku)} is held until ${soon(until)}`);
			await from.reload();
		} catch (e) {
			toast.fail(e);
		}
	}
	const release = (h: Hold) => later(h.id, `${skuName(h.sku)} goes back to the shelf`, () => api.post('stock/release', { id: h.id }, true).then(from.reload));
	return (
		<Loaded from={from}>
			{() =>
				holds.length === 0 ? (
					<Empty icon="stock" title="Nothing is held">What is set aside for somebody, from the stock screen, stands here until it is fetched or its time is over.</Empty>
				) : (
					<ul className={css.list}>
						{holds.map((h) => {
							const left = new Date(h.until).getTime() - now;
							return (
								<li key={h.id} className={css.row}>
									<span className={css.grow}>
										<Name sku={h.sku} place={h.location.id} n={h.qty} />
										<span className={css.whom}>
											{h.customer ? <>for <Link to={`/c/${h.customer.id}`}>{h.customer.name}</Link></> : 'for nobody known'}
											<span className="dim">{h.associate && `, by ${h.associate.name}`}, {ago(h.placed_at, now)}</span>
										</span>
										<span className={css.until} data-soon={left < SOON_MS}>
											<Icon name={left < SOON_MS ? 'open' : 'clock'} size={18} />
											{left <= 0 ? 'its time is over' : `${left < SOON_MS ? 'ends soon: ' : 'ends '}${ago(h.until, now)}`}<span className="dim"> · {soon(h.until)}</span>
										</span>
									</span>
									<span className={css.tools}>
										<Button variant="default" onClick={() => void extend(h)}>Two days more<span className="sr"> for {skuName(h.sku)}</span></Button>
										<Button variant="default" onClick={() => release(h)}>Release<span className="sr"> {skuName(h.sku)}</span></Button>
									</span>
								</li>
							);
						})}
						{from.data?.next && <li className={css.row}><span className="dim">There are more, which end later.</span></li>}
					</ul>
				)
			}
		</Loaded>
	);
}
