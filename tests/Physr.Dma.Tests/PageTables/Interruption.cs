// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Tests.PageTables;

/// <summary>What a test has happen at one point of another call on the same thread, once.</summary>
internal static class Interruption
{
    [ThreadStatic]
    private static Action? s_act;

    [ThreadStatic]
    private static string? s_point;

    [ThreadStatic]
    private static int s_passes;

    /// <summary>Whether nothing is waiting to happen.</summary>
    public static bool HasHappened => s_act is null;

    /// <summary>Has something happen when a point is passed for the nth time.</summary>
    public static void Plan(string point, int nth, Action act)
    {
        s_point = point;
        s_passes = nth;
        s_act = act;
    }

    /// <summary>Passes a point.</summary>
    public static void At(string point)
    {
        if (s_act is { } act && point == s_point && --s_passes == 0)
        {
            s_act = null;
            act();
        }
    }
}
