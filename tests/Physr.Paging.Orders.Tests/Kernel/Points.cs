// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging.Engine;

namespace Physr.Paging.Orders.Tests;

/// <summary>The names of the places where others can come first, by page, made once.</summary>
internal static class Points
{
    private const int Most = 64;

    public const string SeekData = "seek data";

    public static readonly string[] Copy = Each("copy");
    public static readonly string[] Continue = Each("continue");
    public static readonly string[] Continued = Each("continued");
    public static readonly string[] Protect = Each("protect");
    public static readonly string[] Unprotect = Each("unprotect");
    public static readonly string[] ReadWindow = Each("read window");
    public static readonly string[] Punch = Each("punch");
    public static readonly string[] Wake = Each("wake");
    public static readonly string[] Woken = Each("woken");
    public static readonly string[] Poison = Each("poison");
    public static readonly string[] DontNeed = Each("dontneed");
    public static readonly string[] Remove = Each("remove");
    public static readonly string[] Load = Each("load");
    public static readonly string[] Store = Each("store");
    public static readonly string[] Queue = Each("queue");
    public static readonly string[] MustSleep = Each("must sleep");
    public static readonly string[] Asleep = Each("asleep");
    public static readonly string[] ReadStore = Each("read store");
    public static readonly string[] WriteStore = Each("write store");
    public static readonly string[] WrittenStore = Each("written store");
    public static readonly string[] Pin = Each("pin");
    public static readonly string[] Want = Each("want");
    public static readonly string[] Look = Each("look");
    public static readonly string[] Futex = Each("futex");
    public static readonly string[] Leased = Each("leased");
    public static readonly string[] Unpin = Each("unpin");
    public static readonly string[] Clear = Each("clear");

    private static readonly string[][] s_steps = [.. Enum.GetValues<PagerStep>().Select(static step => Each(step.ToString()))];

    public static string Of(PagerStep step, ulong page) => s_steps[(int)step][page];

    private static string[] Each(string name) => [.. Enumerable.Range(0, Most).Select(page => $"{name} {page}")];
}
