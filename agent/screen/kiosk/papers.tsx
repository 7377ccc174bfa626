/** The papers and where they go: pictures for those who cannot read the words. */
import type { StepProps } from './parts.tsx';

/** A line of the zone, as long as it has to be whatever letters the system has. */
function ZoneLine({ y }: { y: number }) {
  return (
    <text x="10" y={y} textLength="132" lengthAdjust="spacingAndGlyphs">
      {'<<<<<<<<<<<<<<<'}
    </text>
  );
}

function Portrait({ x, y, size }: { x: number; y: number; size: number }) {
  return (
    <g transform={`translate(${x} ${y}) scale(${size})`} class="portrait">
      <rect width="30" height="38" rx="2" />
      <circle cx="15" cy="14" r="7" />
      <path d="M3 38c0-10 5-14 12-14s12 4 12 14z" />
    </g>
  );
}

function Passport() {
  return (
    <g class="passport">
      <path class="cover" d="M0 0h150a8 8 0 018 8v92H0z" />
      <path class="cover" d="M0 104h158v92a8 8 0 01-8 8H0z" />
      <rect class="leaf" x="4" y="106" width="148" height="92" rx="4" />
      <Portrait x={12} y={114} size={1.2} />
      <path class="lines" d="M58 120h70M58 132h54M58 144h62" />
      <ZoneLine y={178} />
      <ZoneLine y={191} />
      <circle class="seal" cx="79" cy="44" r="17" />
      <path class="seal" d="M52 76h54" />
    </g>
  );
}

function Card() {
  return (
    <g class="card">
      <rect class="face" width="158" height="100" rx="9" />
      <path class="lines" d="M12 16h70M12 28h50" />
      <rect class="chip" x="118" y="12" width="26" height="20" rx="4" />
      <ZoneLine y={60} />
      <ZoneLine y={74} />
      <ZoneLine y={88} />
    </g>
  );
}

/** A document above the reader's glass, and the way it goes. */
export function OnReader({ wanted }: { wanted: StepProps<'documents'>['view']['wanted'] }) {
  const passport = wanted !== 'residence_card';
  return (
    <svg class="papers" viewBox="0 0 320 330" aria-hidden="true">
      <path class="reader" d="M30 262h260l22 52a10 10 0 01-9 14H17a10 10 0 01-9-14z" />
      <path class="glass" d="M58 272h204l13 34H45z" />
      <path class="arrow" d="M276 150v86M254 216l22 22 22-22" />
      {/* Turned over on the way down: the side with the lines lies on the glass. */}
      <path class="turn" d="M34 236a44 44 0 01-4-78M14 156h20v20" />
      <g class="falling">
        <g transform={passport ? 'translate(78 14)' : 'translate(66 96) scale(1.2)'}>
          {passport ? <Passport /> : <Card />}
        </g>
      </g>
    </svg>
  );
}

/** What to bring. */
export function WhatToBring() {
  return (
    <svg class="papers bring" viewBox="0 0 380 220" aria-hidden="true">
      <g transform="translate(8 8)">
        <Passport />
      </g>
      <g transform="translate(206 62)">
        <Card />
      </g>
    </svg>
  );
}
