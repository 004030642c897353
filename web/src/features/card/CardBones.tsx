import { Skeleton } from '@mantine/core';
import css from './Card.module.css';

/** The card's shape while it is on its way. */
export function CardBones() {
	return (
		<div className={css.card} aria-busy="true">
			<span className="sr" role="status">Loading the card</span>
			<div className={css.all}><Skeleton height={250} radius={18} /></div>
			<Skeleton height={130} radius={14} />
			<Skeleton height={130} radius={14} />
			<Skeleton height={150} radius={14} />
			<Skeleton height={150} radius={14} />
		</div>
	);
}
