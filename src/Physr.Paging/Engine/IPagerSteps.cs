// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Engine;

/// <summary>Called between the steps of what happens to a page, so that a test can end the process just there. In the pager proper nobody listens.</summary>
internal interface IPagerSteps
{
    /// <summary>A step is about to begin.</summary>
    /// <param name="step">Which.</param>
    /// <param name="page">Of which page (the first of a run).</param>
    void At(PagerStep step, ulong page);
}
