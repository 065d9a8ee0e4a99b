import type { ComponentProps } from 'react';

// GraphiQL takes one thing from framer-motion: tabs that can be dragged into another order. There,
// tabs stop answering to clicks once a side panel has moved them: pressing one makes the library
// place it where the old layout had it, and the click misses. The build puts these plain elements
// in its place (see vite.config.js). Tabs stay where they are, work, and weigh much less.

type Extra = { values?: unknown; value?: unknown; onReorder?: unknown; axis?: unknown };
type DragOptions = { dragConstraints?: unknown; dragElastic?: unknown };

function Group({ values, onReorder, axis, ...props }: ComponentProps<'ul'> & Extra) {
  return <ul {...props} />;
}

function Item({ value, dragConstraints, dragElastic, ...props }: Omit<ComponentProps<'li'>, 'value'> & Extra & DragOptions) {
  return <li {...props} />;
}

export const Reorder = { Group, Item };
