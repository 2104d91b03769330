// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Cli;

/// <summary>What a verb ends with.</summary>
public static class ExitCode
{
    /// <summary>Done, and right.</summary>
    public const int Success = 0;

    /// <summary>Done, but a check failed; or something broke that the user's input did not cause.</summary>
    public const int Failure = 1;

    /// <summary>The command line or a file it names is wrong; nothing was done.</summary>
    public const int BadInput = 2;

    /// <summary>Stopped by Ctrl-C, as shells count: 128 plus SIGINT.</summary>
    public const int Interrupted = 130;
}
