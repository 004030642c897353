import { NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Grid, Method, Price } from '../../api/trade';
import type { Here } from '../../app/here';
import { Link } from '../../app/router';
import { Icon } from '../../ui/Icon';
import { Stepper } from '../../ui/Stepper';
import { isZero, money } from '../../ui/format';
import { skuName } from '../scan/useSkus';
import { available, changeLine, discountOf, removeLine, whereOf, type Basket, type BasketLine } from './basket';
import { FROM } from './words';
import css from './New.module.css';

/** Every way in which this line can come, with what is there. */
function choices(line: BasketLine, method: Method, grid: Grid | undefined, here: Here) {
	const places = grid?.places ?? [];
	const n = (p: string) => available(grid, line.sku.id, p);
	const named = (m: Method, p: { id: string; name: string }) => ({ value: `${m} ${p.id}`, label: `${FROM[m]}${m === 'take' ? '' : ` ${p.name}`} (${n(p.id)})` });
	const mine = places.filter((p) => p.id === here.id);
	const has = places.filter((p) => n(p.id) > 0);
	const out = [
		...mine.map((p) => named('take', p)),
		...has.filter((p) => p.kind === 'shop' || p.id === here.id).map((p) => named('pick_up', p)),
		...has.map((p) => named('ship', p)),
		...(method === 'deliver' ? has.map((p) => named('deliver', p)) : []),
	];
	return [...out, { value: 'wait', label: 'Decide later' }];
}

function Row({ line, at, method, grid, here, price }: { line: BasketLine; at: number; method: Method; grid: Grid | undefined; here: Here; price: Price | undefined }) {
	/* What the catalogue prices in another currency, or not at all, is priced here. */
	const list = line.sku.list_price && (!here.currency || line.sku.list_price.currency === here.currency) ? line.sku.list_price : null;
	const [asked, setOpen] = useState<boolean | null>(null);
	const open = asked ?? Boolean(line.price || line.off || !list);
	const name = skuName(line.sku);
	const where = whereOf(line, method, grid, here.id);
	const options = choices(line, method, grid, here);
	const value = where ? `${where.method} ${where.location}` : 'wait';
	if (!options.some((o) => o.value === value)) options.unshift({ value, label: where ? `${FROM[where.method]} ${grid?.places.find((p) => p.id === where.location)?.name ?? ''}` : 'Decide later' });
	const short = where && grid ? available(grid, line.sku.id, where.location) < line.qty : false;
	const missing = grid !== undefined && !where && line.where !== 'wait';
	const priced = price?.lines[at];
	return (
		<li className={css.line}>
			<div className={css.lineHead}>
				<span className={css.grow}>
					<span className={css.lineTitle}>{name}</span>
					<span className="dim small">{[line.sku.brand, line.sku.code].filter(Boolean).join(' · ')}</span>
				</span>
				<span className={css.price}>
					<span className={css.net}>{priced ? money(priced.gross) : list && money(list)}</span>
					{priced && !isZero(priced.discount) && <span className="dim small num">−{money(priced.discount)}</span>}
				</span>
			</div>
			<div className={css.tools}>
				<Stepper label="How many" of={name} value={line.qty} min={1} onChange={(qty) => changeLine(at, { qty })} />
				<NativeSelect className={css.select ?? ''} size="md" aria-label={`Where ${name} comes from`} value={value} data={options} onChange={(e) => changeLine(at, { where: e.currentTarget.value })} />
				<button type="button" className={css.tool} aria-expanded={open} onClick={() => setOpen(!open)}>
					Price<span className="sr"> of {name}</span>
				</button>
				<button type="button" className={css.tool} aria-label={`Take ${name} out`} onClick={() => removeLine(at)}><Icon name="trash" /></button>
			</div>
			{(missing || short) && (
				<p className={css.attend}>
					<Icon name="open" size={18} />
					<span>{missing ? 'No place has so many: the order can wait for them.' : 'Not so many are there.'} <Link to={`/stock?sku=${line.sku.id}`} className={css.link}>Other ways to get it</Link></span>
				</p>
			)}
			{open && (
				<div className={css.fields}>
					<TextInput label={list ? `Price each, instead of ${money(list)}` : `Price each${here.currency && `, in ${here.currency}`}`} placeholder={list ? undefined : '0.00'} error={list || line.price ? undefined : 'The catalogue has none: type it.'} inputMode="decimal" value={line.price} onChange={(e) => changeLine(at, { price: e.currentTarget.value })} />
					<TextInput label="Discount" placeholder="10 % or 5.00" value={line.off} error={discountOf(line.off) === null ? 'Like 10 % or 5.00' : undefined} onChange={(e) => changeLine(at, { off: e.currentTarget.value })} />
				</div>
			)}
		</li>
	);
}

export function BasketLines({ basket, method, grid, here, price }: { basket: Basket; method: Method; grid: Grid | undefined; here: Here; price: Price | undefined }) {
	return (
		<ul className={css.lines} aria-label="In the order">
			{basket.lines.map((l, i) => <Row key={l.sku.id + i} line={l} at={i} method={method} grid={grid} here={here} price={price} />)}
		</ul>
	);
}
