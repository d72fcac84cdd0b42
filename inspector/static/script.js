// The page works without this file. It shows times in the viewer's zone, copies, and shows the list as it changes.
"use strict";

// showLocalTimes writes times in the viewer's zone. Where there is room, UTC stays beside them; else it is the title.
function showLocalTimes(root) {
	for (const t of root.querySelectorAll("time[datetime]")) {
		const at = new Date(t.dateTime);
		if (!isNaN(at)) {
			const utc = t.title, local = at.toLocaleString(undefined, { dateStyle: "short", timeStyle: "medium" });
			t.textContent = t.closest("dd") ? local + " (" + utc + ")" : local;
		}
	}
}

// addCopyButtons gives each text to copy a button. Where the browser refuses, the text is selected.
function addCopyButtons() {
	for (const text of document.querySelectorAll("pre.copy")) {
		const button = document.createElement("button");
		button.type = "button";
		button.className = "small";
		button.textContent = "Copy";
		button.addEventListener("click", async () => {
			try {
				await navigator.clipboard.writeText(text.textContent);
				button.textContent = "Copied";
			} catch {
				getSelection().selectAllChildren(text);
			}
		});
		text.before(button);
	}
}

// reload takes the list from the server's own page, as the browser would. What senders wrote is text there, and stays
// text: nodes are moved, and nothing is parsed out of a string of theirs.
async function reload() {
	const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
	if (!answer.ok) {
		return;
	}
	const page = new DOMParser().parseFromString(await answer.text(), "text/html");
	for (const id of ["rows", "banners"]) {
		const now = document.getElementById(id), next = page.getElementById(id);
		// Whoever reads with the keyboard keeps their place.
		if (!now || !next || now.contains(document.activeElement)) {
			continue;
		}
		now.replaceWith(document.adoptNode(next));
		showLocalTimes(document.getElementById(id));
	}
}

function follow(url) {
	const says = document.getElementById("live");
	const source = new EventSource(url);
	let loading = false, again = false;
	source.addEventListener("open", () => { says.textContent = "Live"; });
	source.addEventListener("error", () => { says.textContent = "Not live: trying again"; });
	source.addEventListener("changed", async () => {
		again = true;
		if (loading) {
			return;
		}
		loading = true;
		while (again) {
			again = false;
			try {
				await reload();
			} catch {
				says.textContent = "Not live: trying again";
			}
		}
		loading = false;
	});
}

showLocalTimes(document);
addCopyButtons();
document.getElementById("zone").textContent = "Times in " + Intl.DateTimeFormat().resolvedOptions().timeZone;
// A page further back does not move.
if (document.body.dataset.live && !new URLSearchParams(location.search).has("before")) {
	follow(document.body.dataset.live);
}
