import { Button } from '@mantine/core';
import { Component, type ReactNode } from 'react';
import { Empty, Page } from './Page';

/** A fault of the page itself stays inside it: the frame around it goes on working. key it by what is shown. */
export class Mishap extends Component<{ children: ReactNode }, { broken: boolean }> {
	override state = { broken: false };
	static getDerivedStateFromError() {
		return { broken: true };
	}
	override render() {
		if (!this.state.broken) return this.props.children;
		return (
			<Page title="This page broke">
				<Empty icon="open" title="Something went wrong in the app">
					<p>Nothing was lost on the server. Load the app again; if it happens once more, tell your administrator what you did.</p>
					<Button mt="md" onClick={() => location.reload()}>Load again</Button>
				</Empty>
			</Page>
		);
	}
}
