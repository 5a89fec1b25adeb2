// The mask of a view with itself. Never quoted whole: Gradio would take the word for an event of ours, put the
// component itself into the page's config, and copy all of the page at each visit.
const ITSELF = "sel" + "f";
