// How what is still to come looks on the page; no built page has any of it.

const marks = new CSSStyleSheet(); // not an element: the page's own head stays as it is built
marks.replaceSync(`
  p.pending {
    margin-block: 0.4rem;
    font: 0.8125rem/1.6 system-ui, sans-serif;
    color: color-mix(in srgb, currentColor 65%, transparent);
  }
  p.pending::before {
    content: "";
    display: inline-block;
    inline-size: 0.55em;
    block-size: 0.55em;
    margin-inline-end: 0.6em;
    border: 1px solid #4a86c5;
    border-radius: 50%;
  }
  p.pending[data-now]::before {
    background: #4a86c5;
  }
  .value.pending {
    color: color-mix(in srgb, currentColor 55%, transparent);
  }
  @media (prefers-reduced-motion: no-preference) {
    p.pending[data-now]::before {
      animation: now 1.2s ease-in-out infinite alternate;
    }
    @keyframes now {
      to {
        opacity: 0.25;
      }
    }
  }
`);
document.adoptedStyleSheets.push(marks);
