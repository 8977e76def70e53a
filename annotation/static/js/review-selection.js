// Which cards are ticked. The boxes of the form are the truth, so that it can be sent without any script.

export class Selection {
  // `onChange(n)` hears how many are ticked.
  constructor(boxes, onChange) {
    this.boxes = boxes;
    this.onChange = onChange;
  }

  // The SHA-256s of what is ticked, each once, in the order of the page.
  get videos() {
    return [...new Set(this.boxes.filter((box) => box.checked).map((box) => box.value))];
  }

  toggle(index) {
    this.set([index], !this.boxes[index].checked);
  }

  // Tick or untick the cards at these places.
  set(indices, checked = true) {
    for (const index of indices) this.boxes[index].checked = checked;
    this.told();
  }

  clear() {
    this.set(this.boxes.keys(), false);
  }

  told() {
    this.onChange(this.videos.length);
  }
}
