import { NativeSelect } from '@mantine/core';
import { chooseHere, useHere } from '../app/here';

/** Which store the screen speaks of; nothing where there is no choice. */
export function HerePicker({ label = 'Store' }: { label?: string }) {
	const here = useHere();
	if (here.choices.length < 2) return null;
	return (
		<NativeSelect
			size="md"
			aria-label={label}
			value={here.id}
			onChange={(e) => chooseHere(e.currentTarget.value)}
			data={[...(here.id ? [] : [{ value: '', label: 'Choose a store' }]), ...here.choices.map((s) => ({ value: s.id, label: s.name || s.code }))]}
		/>
	);
}
