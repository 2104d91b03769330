// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Orders.Tests;

/// <summary>Leaves a thread of a pager that was killed, at the place where it stood.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1032:Implement standard exception constructors", Justification = "Nobody but a mortal makes one.")]
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1064:Exceptions should be public", Justification = "Nobody else is to catch it.")]
internal sealed class PagerDiedException() : Exception("The pager was killed.");
