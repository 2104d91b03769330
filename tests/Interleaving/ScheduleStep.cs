// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Testing.Interleaving;

/// <summary>One turn: an actor went on from where it stood to its next point.</summary>
/// <param name="Actor">Which, by its place in the scenario.</param>
/// <param name="Point">Where it stood.</param>
/// <param name="InVain">Whether it waited, looked, and waits on: nothing changed.</param>
internal readonly record struct ScheduleStep(int Actor, string Point, bool InVain);
