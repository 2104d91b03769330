// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Testing.Interleaving;

/// <summary>Leaves an actor of a run that has failed. Code that swallows it meets it again at its next point.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1032:Implement standard exception constructors", Justification = "Nobody but a run makes one.")]
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1064:Exceptions should be public", Justification = "Nobody is to catch it.")]
internal sealed class UnwindException() : Exception("The run has failed elsewhere; this actor is left.");
