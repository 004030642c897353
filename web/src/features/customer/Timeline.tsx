/* What happened with them, on every channel, newest first. */
import { useMemo, useState } from 'react';
import type { Touch } from '../../api/types';
import { usePages } from '../../api/usePages';
import { useZones } from '../../app/stores';
import { Link } from '../../app/router';
import { CHANNEL_NAMES, channelIcon, channelName, Icon } from '../../ui/Icon';
import { Bones, Empty, Failed, More } from '../../ui/Page';
import { ChipRow } from '../../ui/ChipRow';
import { PropertyList, propertiesOf } from '../../ui/Properties';
import { day, month, sentence, time } from '../../ui/format';
import { useFreshIds } from '../../ui/fresh';
import css from './Timeline.module.css';

const CHANNELS = ['store', 'web', 'app', 'phone', 'email', 'chat', 'social', 'survey', 'post'];
const CHIPS = [{ value: '', label: 'All' }, ...CHANNELS.map((c) => ({ value: c, label: CHANNEL_NAMES[c] ?? c, icon: channelIcon(c) }))];

function Item({ item, id, zone, fresh }: { item: Touch; id: string; zone: string | undefined; fresh: boolean }) {
	const where = [item.store?.name, item.associate && `with ${item.associate.name}`].filter(Boolean).join(', ');
	const title = item.title || sentence(item.kind);
	const rows = propertiesOf(item.body);
	const [open, setOpen] = useState(false);
	return (
		<li className={css.item} data-fresh={fresh}>
			<span className={css.icon} title={channelName(item.channel)}>
				<Icon name={channelIcon(item.channel)} size={18} />
				<span className="sr">{channelName(item.channel)}: </span>
			</span>
			<div className={css.what}>
				<p className={css.title}>
					{item.order ? <Link to={`/c/${id}/orders?order=${item.order}`}>{title}</Link> : title}
				</p>
				<p className={css.meta}>
					{day(item.at, zone)}, {time(item.at, zone)}
					{where && ` · ${where}`}
					{item.title && item.title !== item.kind && ` · ${item.kind}`}
					{item.source && ` · from ${item.source}`}
				</p>
				{open && <PropertyList rows={rows} id={`details-${item.id}`} />}
			</div>
			{rows.length > 0 && (
				<button type="button" className={css.more} aria-expanded={open} aria-controls={`details-${item.id}`} onClick={() => setOpen((o) => !o)}>
					<Icon name={open ? 'down' : 'next'} size={18} />
					<span className="sr">Details of {title}</span>
				</button>
			)}
		</li>
	);
}

export function Timeline({ id }: { id: string }) {
	const [channel, setChannel] = useState('');
	const query = useMemo(() => ({ channel, limit: 30 }), [channel]);
	const list = usePages<Touch>(`customers/${encodeURIComponent(id)}/timeline`, query, `customer:${id}`);
	const fresh = useFreshIds(list.items.map((i) => i.id), id + channel);
	const zones = useZones();
	const months = useMemo(() => {
		const groups: { name: string; items: Touch[] }[] = [];
		for (const i of list.items) {
			const name = month(i.at, i.store ? zones.get(i.store.id) : undefined);
			const last = groups.at(-1);
			if (last?.name === name) last.items.push(i);
			else groups.push({ name, items: [i] });
		}
		return groups;
	}, [list.items, zones]);

	return (
		<>
			<ChipRow label="Channel" options={CHIPS} value={channel} onChange={setChannel} />
			{list.problem && !list.ready && <Failed problem={list.problem} retry={() => void list.reload()} />}
			{!list.ready && !list.problem && <Bones rows={6} height={64} />}
			{list.ready && list.items.length === 0 && (
				<Empty icon={channel ? channelIcon(channel) : 'note'} title={channel ? `Nothing by ${channelName(channel).toLowerCase()} yet` : 'Nothing has happened yet'}>
					{channel ? 'Choose another channel, or All.' : 'Purchases, calls, visits and messages will stand here as they come in.'}
				</Empty>
			)}
			{months.map((m) => (
				<section key={m.name} className={css.month}>
					<h2 className={css.monthName}>{m.name}</h2>
					<ol className={css.items}>
						{m.items.map((i) => (
							<Item key={i.id} item={i} id={id} zone={i.store ? zones.get(i.store.id) : undefined} fresh={fresh.has(i.id)} />
						))}
					</ol>
				</section>
			))}
			<More more={list.more && (() => void list.more?.())} busy={list.busy} failed={list.failed} />
		</>
	);
}
