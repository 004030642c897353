import type { Fact } from '../../api/types';
import { sentence } from '../../ui/format';
import { How, Hush } from './How';
import css from './Facts.module.css';

interface Props { facts: Fact[]; onWrong: (f: Fact) => void; tone?: 'plain' | 'avoid' }

/** "size.shoes" is about shoes. */
function scope(kind: string): string {
	return sentence(kind.split('.').slice(1).join(' '));
}

export function Sizes({ facts, onWrong }: Props) {
	return (
		<ul className={css.sizes}>
			{facts.map((f) => (
				<li key={f.kind + f.value}>
					<How what={f.label} how={f.how} say={f.say} onWrong={() => onWrong(f)} className={css.size}>
						<span className={css.value}>{f.value}</span>
						<span className={css.scope}>{scope(f.kind) || f.label}</span>
						{!f.say && <Hush />}
					</How>
				</li>
			))}
		</ul>
	);
}

export function Facts({ facts, onWrong, tone = 'plain' }: Props) {
	return (
		<ul className={css.facts}>
			{facts.map((f) => (
				<li key={f.kind + f.value}>
					<How what={f.label} how={f.how} say={f.say} onWrong={() => onWrong(f)} className={tone === 'avoid' ? css.avoid : ''}>
						<span>{f.label || f.value}</span>
						{!f.say && <Hush />}
					</How>
				</li>
			))}
		</ul>
	);
}
