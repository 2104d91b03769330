// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Pager;

return PagerProgram.Run(args, steps: null);
