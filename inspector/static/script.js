// The page works without this file. It shows times in the viewer's zone, and the list as it changes.
"use strict";

function showLocalTimes(root) {
	for (const t of root.querySelectorAll("time[datetime]")) {
		const at = new Date(t.dateTime);
		if (!isNaN(at)) {
			t.textContent = at.toLocaleString(undefined, { dateStyle: "short", timeStyle: "medium" });
		}
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
// A page further back does not move.
if (document.body.dataset.live && !new URLSearchParams(location.search).has("before")) {
	follow(document.body.dataset.live);
}
