import type { Sku } from '../../api/trade';
import { Link } from '../../app/router';
import { skuName } from '../scan/useSkus';
import css from './Counts.module.css';

/** An article by its name, which leads to its shelf here. */
export function Name({ sku, place, n }: { sku: Sku; place: string; n?: number }) {
	return <Link to={`/stock?sku=${sku.id}&place=${place}`} className={css.name}>{n !== undefined && `${n} × `}{skuName(sku)}</Link>;
}
