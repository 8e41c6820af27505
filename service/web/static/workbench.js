// Shows the page anew when the workbench has looked again. While the command is stopped, it waits.
const known = Number(document.getElementById("inhoud").dataset.number);

const look = async () => {
  const answer = await fetch("/state").catch(() => null);
  if (answer?.ok && (await answer.json()).number !== known) location.reload();
};

setInterval(look, 1000);
