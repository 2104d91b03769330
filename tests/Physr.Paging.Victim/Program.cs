// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Victim;

/// <summary>A program with regions that a test watches, and kills: <c>VERB NAME=VALUE...</c>. It writes lines for the test to read, and ends when its input does.</summary>
public static class Program
{
    public static int Main(string[] args)
    {
        ArgumentNullException.ThrowIfNull(args);
        Arguments given = new(args.AsSpan(1));
        try
        {
            return args[0] switch
            {
                "access" => AccessVerb.Run(given),
                "hang" => HangVerb.Run(given),
                "matrix" => MatrixVerb.Run(given),
                "torn" => TornVerb.Run(given),
                "load" => LoadVerb.Run(given),
                "persist" => PersistVerb.Run(given),
                "connections" => ConnectionsVerb.Run(given),
                "die" => DieVerb.Run(given),
                "modest" => ModestVerb.Run(given),
                "stranger" => StrangerVerb.Run(given),
                "stormy" => StormyVerb.Run(given),
                "scribble" => ScribbleVerb.Run(given),
                _ => throw new ArgumentException($"no verb {args[0]}"),
            };
        }
        catch (PhysrException exception)
        {
            Console.Error.WriteLine($"{exception.Errno}: {exception.Message}");
            return 3;
        }
    }
}
