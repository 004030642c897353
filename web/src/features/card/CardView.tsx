/* The greeting card: readable in the five seconds after "hello". Simple: what is said and done now; full: the rest. */
import { useState } from 'react';
import type { Card, Fact, Note } from '../../api/types';
import type { Data } from '../../api/useData';
import { useFresh } from '../../ui/fresh';
import { channelName } from '../../ui/Icon';
import { Section } from '../../ui/Page';
import { sentence, words } from '../../ui/format';
import { markWrong } from './actions';
import { Facts, Sizes } from './Facts';
import { Hello } from './Hello';
import { NoteField, NoteList } from './Notes';
import { Household, Last, Milestones, OpenMatters, Permissions, Worth } from './Parts';
import css from './Card.module.css';

export type Depth = 'simple' | 'full';

/** "brand" facts stand under Likes; the kind is said where it is not plain. */
function labelled(facts: Fact[]): Fact[] {
	return facts.map((f) => ({ ...f, label: f.kind === 'channel' ? channelName(f.value) : f.label || sentence(`${words(f.kind)} ${f.value}`) }));
}

interface Props { card: Card; from: Data<Card>; depth: Depth; onFull: () => void }

export function CardView({ card, from, depth, onFull }: Props) {
	/* The simple card comes without notes; what was just written here stays in sight. */
	const [written, setWritten] = useState<Note[]>([]);
	const wrong = (f: Fact) => void markWrong(from, f);
	const id = card.customer;
	const freshOpen = useFresh(card.open, id);
	const freshLast = useFresh(card.last_purchase, id);
	const freshSizes = useFresh(card.sizes, id);
	const freshLikes = useFresh([card.likes, card.dislikes], id);
	const freshWorth = useFresh(card.spend, id);
	const full = depth === 'full';
	const known = card.sizes.length + card.likes.length + card.dislikes.length > 0;
	return (
		<div className={css.card}>
			<Hello card={card} onWrong={wrong} />
			{card.open.length > 0 && (
				<Section title="Open with them" tone="attend" fresh={freshOpen} className={css.all}>
					<OpenMatters open={card.open} />
				</Section>
			)}
			{!known && !card.last_purchase && (
				<Section title="New to us" className={css.all}>
					<p className="dim">
						Nothing is known yet. Ask what brings them in today, and leave a note below: the next colleague will not have to ask again.
					</p>
				</Section>
			)}
			<div className={css.column}>
				{card.sizes.length > 0 && (
					<Section title="Sizes" fresh={freshSizes}>
						<Sizes facts={card.sizes} onWrong={wrong} />
					</Section>
				)}
				{card.last_purchase && (
					<Section title="Last purchase" fresh={freshLast}>
						<Last last={card.last_purchase} customer={id} />
					</Section>
				)}
				{full && card.contact.length > 0 && (
					<Section title="May we contact them?">
						<Permissions list={card.contact} />
					</Section>
				)}
				{full && card.household && card.household.members.length > 0 && (
					<Section title="Household">
						<Household card={card} />
					</Section>
				)}
			</div>
			<div className={css.column}>
				{(card.likes.length > 0 || card.dislikes.length > 0) && (
					<Section title="Likes and dislikes" fresh={freshLikes}>
						<div className={css.likes}>
							{card.likes.length > 0 && (
								<div>
									<h3 className={css.sub}>Likes</h3>
									<Facts facts={labelled(card.likes)} onWrong={wrong} />
								</div>
							)}
							{card.dislikes.length > 0 && (
								<div>
									<h3 className={css.sub}>Does not like</h3>
									<Facts facts={labelled(card.dislikes)} onWrong={wrong} tone="avoid" />
								</div>
							)}
						</div>
					</Section>
				)}
				{card.milestones.length > 0 && (
					<Section title="Coming up">
						<Milestones list={card.milestones} />
					</Section>
				)}
				{full && card.spend && (
					<Section title="What they bought, in figures" fresh={freshWorth}>
						<Worth card={card} />
					</Section>
				)}
				{full && card.channels.length > 0 && (
					<Section title="How they shop">
						<Facts facts={labelled(card.channels)} onWrong={wrong} />
					</Section>
				)}
			</div>
			<Section title="Notes" className={css.all}>
				<NoteField card={card} reload={from.reload} onWritten={setWritten} />
				<NoteList customer={id} notes={full ? card.notes : written} onFull={full ? null : onFull} />
			</Section>
		</div>
	);
}
