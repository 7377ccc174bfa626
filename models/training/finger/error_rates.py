"""Error rates of score lists as FVC and ISO/IEC 19795-1 define them; a score at or above the threshold is a match."""

import numpy as np


def threshold_at(impostor, fmr):
    """The smallest threshold whose FMR is at most `fmr`: just above the k-th highest impostor."""
    descending = np.sort(np.asarray(impostor, np.float64))[::-1]
    return np.nextafter(descending[int(np.floor(fmr * len(descending) + 1e-9))], np.inf)


def fnmr_at(genuine, impostor, fmr):
    return float((np.asarray(genuine) < threshold_at(impostor, fmr)).mean())


def equal_error_rate(genuine, impostor):
    """By FVC's interval rule."""
    genuine, impostor = np.sort(genuine), np.sort(impostor)
    thresholds = np.unique(np.concatenate([genuine, impostor, [max(genuine[-1], impostor[-1]) + 1e-9]]))
    fnmr = np.searchsorted(genuine, thresholds) / len(genuine)
    fmr = 1 - np.searchsorted(impostor, thresholds) / len(impostor)
    below, above = np.nonzero(fnmr <= fmr)[0], np.nonzero(fnmr >= fmr)[0]
    sums = [fnmr[k] + fmr[k] for k in (below[-1:], above[:1]) if len(k)]
    return float(min(s[0] for s in sums) / 2)


def wilson_interval(errors, trials, z=1.96):
    """95 % confidence interval of a share."""
    share, z2 = errors / trials, z * z
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = z * np.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2)) / (1 + z2 / trials)
    return max(0.0, centre - half), min(1.0, centre + half)
